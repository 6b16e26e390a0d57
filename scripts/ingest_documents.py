"""v2.0's ingestion script: the same as ``balcao ingerir``."""

from balcao.interface.entry import ingest_documents

if __name__ == "__main__":
    ingest_documents()

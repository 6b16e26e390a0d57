"""Reading files: a child process per file, one module per format, and no parser in the process that serves people."""

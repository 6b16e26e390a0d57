import asyncio
import math
import subprocess
import sys

import pytest

from balcao.domain.document import EMBEDDING_DIMENSIONS
from balcao.infrastructure.external.hashed_embedder import HashedNgramEmbedder, hashed_vector


def cosine(one: str, other: str) -> float:
    return sum(a * b for a, b in zip(hashed_vector(one), hashed_vector(other), strict=True))


@pytest.mark.parametrize("text", ["", "   ", "§ — !!!", "de a o", "\x00", "\ud800", "Prefeitura", "IPTU " * 5_000])
def test_every_text_has_a_unit_vector(text: str) -> None:
    vector = hashed_vector(text)
    assert len(vector) == EMBEDDING_DIMENSIONS
    assert math.isclose(math.hypot(*vector), 1.0, abs_tol=1e-6)


def test_texts_that_share_words_are_near_and_others_are_not() -> None:
    question = "Qual o prazo para pagar o imposto predial?"
    near = cosine(question, "O imposto predial será pago no prazo de trinta dias.")
    far = cosine(question, "A merenda escolar é servida nas creches durante o recreio.")
    assert near > 0.3 > far


def test_accents_case_and_inflection_hardly_matter() -> None:
    assert cosine("Alíquotas dos impostos municipais", "ALIQUOTA DO IMPOSTO MUNICIPAL") > 0.6


def test_a_misspelt_word_is_still_near_its_own_spelling() -> None:
    assert cosine("licenciamento", "licensiamento") > 0.3 > cosine("licenciamento", "aposentadoria")


async def test_vectors_come_in_order_free_and_under_the_models_name() -> None:
    texts = [f"Lei municipal número {n}" for n in range(40)]
    embedder = HashedNgramEmbedder()
    batch = await embedder.embed(texts)
    assert [embedding.vector for embedding in batch.embeddings] == [hashed_vector(text) for text in texts]
    assert {embedding.model for embedding in batch.embeddings} == {embedder.model} == {"balcao-hash-1536-v1"}
    assert batch.usage.total_tokens == 0
    assert not embedder.is_paid
    assert embedder.similarity_floor > 1


async def test_the_event_loop_runs_while_a_batch_is_embedded() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await HashedNgramEmbedder().embed(["O Município concederá o alvará. " * 40] * 64)
    counting.cancel()
    assert turns > 3


def test_vectors_are_the_same_in_another_process() -> None:
    text = "Código Tributário do Município: taxa de licença, 2,5%"
    script = (
        "from balcao.infrastructure.external.hashed_embedder import hashed_vector\n"
        f"print(repr(hashed_vector({text!r})[:200]))"
    )
    environment = {"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "12345"}
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert other.stdout.strip() == repr(hashed_vector(text)[:200])


def test_the_vectors_of_this_version_do_not_change() -> None:
    vector = hashed_vector("alvará")
    largest = max(range(len(vector)), key=lambda index: abs(vector[index]))
    assert (largest, round(vector[largest], 4)) == (518, 0.6164)

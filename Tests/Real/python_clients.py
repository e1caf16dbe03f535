# SPDX-License-Identifier: MIT
"""What people program with: the `ollama` and `openai` packages, unchanged, pointed at the gateway."""

from __future__ import annotations

import asyncio

import ollama
import openai

from report import Report, expect, one_line
from servers import MODEL, Gateway, Ollama, get_json

QUESTION = [{"role": "user", "content": "Why is the sky blue? Answer in two sentences."}]
SHORT = {"num_predict": 40}


def check_ollama_package(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    client = ollama.Client(host=gateway.url, timeout=120)

    def lists() -> str:
        models = client.list().models
        expect([model.model for model in models] == [MODEL], f"expected {MODEL} once, got {models}")
        own = get_json(f"{ollamas[0].url}/api/tags")["models"][0]
        expect(models[0].digest == own["digest"], "another digest than the runner's")
        return f"{models[0].model} {models[0].digest[:12]}, once for two runners"

    def ps() -> str:
        models = client.ps().models
        expect([model.model for model in models] == [MODEL], f"expected {MODEL} once, got {models}")
        expect(models[0].expires_at is not None, "no expires_at")
        return f"{models[0].model} loaded, {models[0].size >> 20} MiB"

    def show() -> str:
        shown = client.show(MODEL)
        expect(shown.details.family == "gemma3", f"family {shown.details.family}")
        expect(shown.template and shown.modelinfo, "no template or model_info")
        return f"{shown.details.parameter_size} {shown.details.quantization_level}"

    def chat() -> str:
        answer = client.chat(MODEL, QUESTION, options=SHORT)
        expect(answer.done and answer.message.content and answer.eval_count, f"not a whole answer: {answer}")
        return f"{answer.eval_count} tokens, “{one_line(answer.message.content)}”"

    def chat_streamed() -> str:
        parts = list(client.chat(MODEL, QUESTION, stream=True, options=SHORT))
        expect(len(parts) > 10, f"{len(parts)} parts")
        expect([part.done for part in parts] == [False] * (len(parts) - 1) + [True], "`done` is not on the last alone")
        return f"{len(parts)} parts, “{one_line(''.join(part.message.content or '' for part in parts))}”"

    def generate() -> str:
        answer = client.generate(MODEL, "The capital of France is", raw=True, options=SHORT)
        expect(answer.done and answer.response, f"not a whole answer: {answer}")
        return f"{answer.eval_count} tokens, “{one_line(answer.response)}”"

    def generate_streamed() -> str:
        parts = list(client.generate(MODEL, "Name a colour.", stream=True, options=SHORT))
        expect(len(parts) > 1 and parts[-1].done and parts[-1].context, "no last part with its context")
        return f"{len(parts)} parts, context of {len(parts[-1].context)} tokens"

    def embed() -> str:
        texts = ["a cat", "a small cat", "the stock exchange"]
        ours = client.embed(MODEL, texts).embeddings
        own = ollama.Client(host=ollamas[0].url, timeout=120).embed(MODEL, texts).embeddings
        expect(len(ours) == 3 and len(ours[0]) == 640, f"{len(ours)} embeddings of {len(ours[0])}")
        apart = max(abs(a - b) for ours_, own_ in zip(ours, own) for a, b in zip(ours_, own_))
        expect(apart < 1e-4, f"up to {apart} away from the runner's own")
        return f"{len(ours)} × {len(ours[0])}, at most {apart:.1g} from the runner's own"

    def embeddings() -> str:
        vector = client.embeddings(MODEL, "a cat").embedding
        expect(len(vector) == 640 and any(vector), f"{len(vector)} numbers")
        return f"{len(vector)} numbers"

    def asynchronous() -> str:
        async def one(remote: ollama.AsyncClient, question: str) -> int:
            messages = [{"role": "user", "content": question}]
            return sum([1 async for _ in await remote.chat(MODEL, messages, stream=True, options=SHORT)])

        async def several() -> list[int]:
            remote = ollama.AsyncClient(host=gateway.url, timeout=120)
            listed = await remote.list()
            expect(len(listed.models) == 1, f"list: {listed}")
            return await asyncio.gather(*(one(remote, f"What is {n} plus {n}?") for n in range(4)))

        parts = asyncio.run(several())
        expect(all(count > 1 for count in parts), f"parts {parts}")
        return f"4 streams at once, {parts} parts"

    def unknown_model() -> str:
        texts = []
        for call, expected in [
            (lambda: client.chat("nosuch:1b", QUESTION), "model 'nosuch:1b' not found"),
            (lambda: list(client.generate("nosuch:1b", "x", stream=True)), "model 'nosuch:1b' not found"),
            (lambda: client.show("nosuch:1b"), "model 'nosuch:1b' not found"),
            (lambda: client.embed("nosuch:1b", "x"), 'model "nosuch:1b" not found, try pulling it first'),
        ]:
            try:
                call()
            except ollama.ResponseError as error:
                expect((error.status_code, error.error) == (404, expected), f"{error.status_code} {error.error}")
                texts.append(error.error)
            else:
                expect(False, "no error was raised")
        return f"ResponseError 404, {texts[0]}; embed: {texts[-1]}"

    report.section("the ollama package")
    report.check("list", lists)
    report.check("ps", ps)
    report.check("show", show)
    report.check("chat", chat)
    report.check("chat, streamed", chat_streamed)
    report.check("generate", generate)
    report.check("generate, streamed", generate_streamed)
    report.check("embed", embed)
    report.check("embeddings", embeddings)
    report.check("asynchronous client", asynchronous)
    report.check("unknown model", unknown_model)


def check_ollama_package_manages(report: Report, gateway: Gateway, ollamas: list[Ollama]) -> None:
    client = ollama.Client(host=gateway.url, timeout=120)

    def names() -> list[list[str]]:
        return [runner.names for runner in ollamas]

    def blob() -> str:
        small = gateway.folder / "small.bin"
        small.write_bytes(b"no model, but a blob" * 1000)
        digest = client.create_blob(small)
        files = [runner.models / "blobs" / digest.replace(":", "-") for runner in ollamas]
        expect(all(file.read_bytes() == small.read_bytes() for file in files), "the blob is not on both")
        return f"{digest[:19]}… on both"

    def copy() -> str:
        expect(client.copy(MODEL, "python-copy").status == "success", "copy: no success")
        expect(names() == [[MODEL, "python-copy:latest"]] * 2, f"{names()}")
        return "on both"

    def delete() -> str:
        expect(client.delete("python-copy").status == "success", "delete: no success")
        expect(names() == [[MODEL]] * 2, f"{names()}")
        try:
            client.delete("python-copy")
        except ollama.ResponseError as error:
            expect((error.status_code, error.error) == (404, "model 'python-copy' not found"), f"{error}")
            return f"from both; again: {error.status_code} {error.error}"
        expect(False, "no error was raised")
        return ""

    def pull_fails() -> str:
        try:
            list(client.pull("registry.invalid/library/x", insecure=True, stream=True))
        except ollama.ResponseError as error:
            return one_line(str(error.error), 100)
        expect(False, "no error was raised")
        return ""

    report.section("the ollama package changes models")
    report.check("create_blob", blob)
    report.check("copy", copy)
    report.check("delete", delete)
    report.check("pull that fails", pull_fails)


def check_openai_package(report: Report, gateway: Gateway) -> None:
    # Without retries: a repeated request would hide that the first one failed.
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused", timeout=120, max_retries=0)

    def models() -> str:
        ids = [model.id for model in client.models.list()]
        expect(ids == [MODEL], f"got {ids}")
        expect(client.models.retrieve(MODEL).id == MODEL, "retrieve: another model")
        return f"{ids}, and by name"

    def chat() -> str:
        answer = client.chat.completions.create(model=MODEL, messages=QUESTION, max_tokens=40)
        text = answer.choices[0].message.content
        expect(text and answer.usage and answer.usage.completion_tokens, f"not a whole answer: {answer}")
        return f"{answer.usage.completion_tokens} tokens, “{one_line(text)}”"

    def chat_streamed() -> str:
        chunks = list(client.chat.completions.create(
            model=MODEL, messages=QUESTION, max_tokens=40, stream=True, stream_options={"include_usage": True}))
        text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
        reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
        usage = chunks[-1].usage
        expect(len(chunks) > 10 and len(reasons) == 1 and usage, f"{len(chunks)} chunks, {reasons}, usage {usage}")
        return f"{len(chunks)} chunks, {reasons[0]}, {usage.completion_tokens} tokens, “{one_line(text)}”"

    def completions() -> str:
        answer = client.completions.create(model=MODEL, prompt="The capital of France is", max_tokens=20)
        expect(answer.choices[0].text, f"no text: {answer}")
        return f"“{one_line(answer.choices[0].text)}”"

    def completions_streamed() -> str:
        stream = client.completions.create(model=MODEL, prompt="One, two, three,", max_tokens=20, stream=True)
        chunks = list(stream)
        expect(len(chunks) > 3, f"{len(chunks)} chunks")
        return f"{len(chunks)} chunks, “{one_line(''.join(chunk.choices[0].text for chunk in chunks))}”"

    def embeddings() -> str:
        answer = client.embeddings.create(model=MODEL, input=["a cat", "a dog"])
        sizes = [len(item.embedding) for item in answer.data]
        expect(sizes == [640, 640], f"sizes {sizes}")
        return f"{len(sizes)} × {sizes[0]}"

    def unknown_model() -> str:
        try:
            client.chat.completions.create(model="nosuch:1b", messages=QUESTION)
        except openai.NotFoundError as error:
            return f"NotFoundError {error.status_code}, {error.body}"
        expect(False, "no error was raised")
        return ""

    report.section("the openai package")
    report.check("models", models)
    report.check("chat.completions", chat)
    report.check("chat.completions, streamed", chat_streamed)
    report.check("completions", completions)
    report.check("completions, streamed", completions_streamed)
    report.check("embeddings", embeddings)
    report.check("unknown model", unknown_model)

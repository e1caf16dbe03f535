# SPDX-License-Identifier: MIT
"""LangChain's classes for Ollama: they wrap the `ollama` package, but ask in ways of their own."""

from __future__ import annotations

import asyncio
from typing import Any, Callable

from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM
from pydantic import BaseModel

from calls import MODEL, SCHEMA, TOKENS, Setup, error_of, fits
from report import Report, expect, one_line

MESSAGES = [SystemMessage("Be short."), HumanMessage("Which city is it?")]


class City(BaseModel):
    """A city."""

    name: str
    population: int


@tool
def weather(city: str) -> str:
    """Says what the weather will be."""
    return f"{city}: rain"


def check_langchain(report: Report, setup: Setup) -> None:
    url = setup.gateway.url
    report.section("LangChain")
    chat(report, setup, lambda **named: ChatOllama(model=MODEL, base_url=url, **named))
    text(report, setup, lambda **named: OllamaLLM(model=MODEL, base_url=url, num_predict=TOKENS, **named))
    embeddings(report, setup, OllamaEmbeddings(model=MODEL, base_url=url))


async def collected(stream: Any) -> list:
    return [part async for part in stream]


def chat(report: Report, setup: Setup, make: Callable[..., ChatOllama]) -> None:
    def invoke() -> str:
        answer, by = setup.served("/api/chat", lambda: make(num_predict=TOKENS).invoke(MESSAGES))
        expect(answer.content and answer.usage_metadata["output_tokens"] == TOKENS, f"{answer}")
        later, by_later = setup.served(
            "/api/chat", lambda: asyncio.run(make(num_predict=TOKENS).ainvoke(MESSAGES)))
        expect(later.content == answer.content, f"{later.content!r} instead of {answer.content!r}")
        return f"{TOKENS} tokens by {by}, asynchronously by {by_later}"

    def stream() -> str:
        whole = make(num_predict=TOKENS).invoke(MESSAGES).content
        parts, by = setup.served("/api/chat", lambda: list(make(num_predict=TOKENS).stream(MESSAGES)))
        later, by_later = setup.served(
            "/api/chat", lambda: asyncio.run(collected(make(num_predict=TOKENS).astream(MESSAGES))))
        for some in (parts, later):
            expect("".join(part.content for part in some) == whole and len(some) > TOKENS, f"{some}")
        return f"{len(parts)} parts by {by}, asynchronously by {by_later}"

    def batch() -> str:
        answers, by = setup.served("/api/chat", lambda: make(num_predict=TOKENS).batch([MESSAGES] * 4), requests=4)
        expect(len({answer.content for answer in answers}) == 1, f"{answers}")
        return f"4 at once, by {by}"

    def validates() -> str:
        _, by = setup.served("/api/tags", lambda: make(validate_model_on_init=True))
        wrong = error_of(
            lambda: ChatOllama(model="nosuch", base_url=setup.gateway.url, validate_model_on_init=True), ValueError)
        expect("nosuch" in str(wrong), str(wrong))
        return f"by {by}; refuses a model that isn't listed"

    def tools() -> str:
        bound = make(num_predict=TOKENS).bind_tools([weather])
        answer, by = setup.served("/api/chat", lambda: bound.invoke(MESSAGES))
        expect([call["name"] for call in answer.tool_calls] == ["weather"], f"{answer}")
        call = answer.tool_calls[0]
        messages = [*MESSAGES, answer, ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"])]
        last, by_last = setup.served("/api/chat", lambda: bound.invoke(messages))
        expect(isinstance(last, AIMessage) and last.content and not last.tool_calls, f"{last}")
        return f"weather({call['args']}) by {by}, then text by {by_last}"

    def structured() -> str:
        answers = []
        for method in ("json_schema", "function_calling"):
            model = make().with_structured_output(City, method=method)
            answer, by = setup.served("/api/chat", lambda: model.invoke(MESSAGES))
            expect(isinstance(answer, City), f"{method}: {answer}")
            answers.append(f"{method} {answer} by {by}")
        plain, _ = setup.served("/api/chat", lambda: make().with_structured_output(SCHEMA | {
            "title": "city", "description": "A city."}).invoke(MESSAGES))
        expect(fits(plain), f"{plain}")
        return "; ".join(answers)

    def reasoning() -> str:
        answer, by = setup.served("/api/chat", lambda: make(reasoning=True, num_predict=TOKENS).invoke(MESSAGES))
        thought = answer.additional_kwargs.get("reasoning_content")
        expect(thought and answer.content, f"{answer}")
        return f"“{one_line(thought)}”, by {by}"

    report.check("ChatOllama invoke, ainvoke", invoke)
    report.check("ChatOllama stream, astream", stream)
    report.check("ChatOllama batch", batch)
    report.check("ChatOllama, validate_model_on_init", validates)
    report.check("ChatOllama bind_tools", tools)
    report.check("ChatOllama with_structured_output", structured)
    report.check("ChatOllama, reasoning", reasoning)


def text(report: Report, setup: Setup, make: Callable[..., OllamaLLM]) -> None:
    def all_ways() -> str:
        whole, by = setup.served("/api/generate", lambda: make().invoke("A city is"))
        others = {
            "ainvoke": lambda: asyncio.run(make().ainvoke("A city is")),
            "stream": lambda: "".join(make().stream("A city is")),
            "astream": lambda: "".join(asyncio.run(collected(make().astream("A city is")))),
        }
        ways = [f"invoke by {by}"]
        for name, way in others.items():
            answer, by = setup.served("/api/generate", way)
            expect(whole and answer == whole, f"{name}: {answer!r} instead of {whole!r}")
            ways.append(f"{name} by {by}")
        return ", ".join(ways)

    report.check("OllamaLLM invoke, ainvoke, stream, astream", all_ways)


def embeddings(report: Report, setup: Setup, model: OllamaEmbeddings) -> None:
    def all_ways() -> str:
        several, by = setup.served("/api/embed", lambda: model.embed_documents(["one", "two"]))
        one, by_one = setup.served("/api/embed", lambda: model.embed_query("one"))
        expect(len(several) == 2 and several[0] == one, "the query's vector is not the document's")
        later, _ = setup.served("/api/embed", lambda: asyncio.run(model.aembed_documents(["one", "two"])))
        expect(later == several, "other numbers asynchronously")
        return f"2 × {len(one)} by {by}, 1 by {by_one}"

    def query_async() -> str:
        # Its asynchronous client belongs to one event loop, so a new one for each.
        fresh = OllamaEmbeddings(model=MODEL, base_url=setup.gateway.url)
        vector, by = setup.served("/api/embed", lambda: asyncio.run(fresh.aembed_query("one")))
        expect(len(vector) == 32, f"{len(vector)} numbers")
        return f"{len(vector)} numbers by {by}"

    report.check("OllamaEmbeddings embed_documents, embed_query, aembed_documents", all_ways)
    report.check("OllamaEmbeddings aembed_query", query_async)

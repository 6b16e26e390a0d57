"use strict";

// Everything that comes from the API is written with textContent: a document's text can never become part of the page.

const ASK_URL = "/api/v1/chat/ask";
const LONGEST_QUESTION = 2000;
const COUNTER_FROM = 1700;
const PATIENCE_MS = 240_000;
const TOO_LATE = "A resposta demorou demais. Tente de novo em alguns minutos.";
const CITATION = /\[(\d{1,3})\]/g;

const form = document.getElementById("ask");
const question = document.getElementById("question");
const questionError = document.getElementById("question-error");
const counter = document.getElementById("counter");
const send = document.getElementById("send");
const conversation = document.getElementById("conversation");
const welcome = document.getElementById("welcome");
const newConversation = document.getElementById("new-conversation");
const status = document.getElementById("status");

let sessionId = null;
let turns = 0;
let pending = null;

class AskError extends Error {
  constructor(message, { code = "", requestId = "" } = {}) {
    super(message);
    this.code = code;
    this.requestId = requestId;
  }
}

function element(tag, { className = "", text = "" } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

async function ask(message, signal) {
  let response;
  try {
    response = await fetch(ASK_URL, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify({ message, session_id: sessionId }),
      signal,
    });
  } catch {
    if (signal.aborted) throw signal.reason;
    throw new AskError("O Balcão não respondeu. Confira a conexão e tente de novo.");
  }
  const body = await response.json().catch(() => null);
  if (signal.aborted) throw signal.reason;
  if (response.ok && body !== null) return body;
  throw errorOf(response, body);
}

function errorOf(response, body) {
  const detail = body?.detail;
  if (typeof detail?.detail === "string") {
    return new AskError(detail.detail, { code: detail.error_code, requestId: detail.request_id });
  }
  const requestId = response.headers.get("X-Request-ID") ?? "";
  return new AskError(`O Balcão não entendeu o pedido (${response.status}). Recarregue a página e tente de novo.`, {
    requestId,
  });
}

// A turn: the question, then the answer's place ----------------------------------------------------------------------

function startTurn(message) {
  turns += 1;
  const asked = element("div", { className: "asked" },
    element("h3", { className: "visually-hidden", text: "Sua pergunta" }),
    element("p", { text: message }));
  const answer = element("div", { className: "answer waiting" }, element("p", { text: "Procurando nos documentos…" }));
  const turn = element("li", {}, asked, answer);
  conversation.append(turn);
  turn.scrollIntoView({ block: "nearest" });
  return { answer, number: turns };
}

function fillAnswer(answer, className, title, ...content) {
  const heading = element("h3", { text: title });
  heading.tabIndex = -1;
  answer.className = `answer ${className}`;
  answer.replaceChildren(heading, ...content);
  heading.focus({ preventScroll: true });
  answer.parentElement.scrollIntoView({ block: "start" });
}

function showAnswer({ answer, number }, body) {
  const sources = Array.isArray(body.sources) ? body.sources : [];
  const headings = body.metadata?.headings ?? [];
  const sourceId = (position) => `resposta-${number}-fonte-${position}`;
  if (body.metadata?.found === false) {
    fillAnswer(answer, "not-found", "Sem resposta", answerText(body.response, 0, sourceId),
      element("p", { className: "reference", text: "Tente com outras palavras ou pergunte uma coisa de cada vez." }),
      ...quotaLeft(body));
    announce("Não encontrei resposta nos documentos.");
    return;
  }
  const parts = [answerText(body.response, sources.length, sourceId)];
  if (sources.length > 0) parts.push(sourceList(sources, headings, sourceId));
  const title = body.metadata?.modo === "busca" ? "Modo busca: trechos dos documentos" : "Resposta";
  fillAnswer(answer, "found", title, ...parts, ...quotaLeft(body));
  announce(sources.length === 1 ? `${title}, com 1 fonte.` : `${title}, com ${sources.length} fontes.`);
}

function quotaLeft(body) {
  const left = body.metadata?.quota?.frase;
  return left ? [element("p", { className: "reference", text: left })] : [];
}

function showFailure({ answer }, error) {
  const parts = [element("div", { className: "text" }, element("p", { text: error.message }))];
  if (error.requestId) {
    parts.push(element("p", { className: "reference", text: `Para o suporte: pedido ${error.requestId}` }));
  }
  fillAnswer(answer, "failed", "Não foi possível responder", ...parts);
  announce("Não foi possível responder.");
}

function answerText(text, sourceCount, sourceId) {
  const block = element("div", { className: "text" });
  let list = null;
  for (const paragraph of String(text).split(/\n{2,}/)) {
    const item = paragraph.match(/^[•*-]\s+([\s\S]*)$/);
    const content = withCitations(item ? item[1] : paragraph, sourceCount, sourceId);
    if (!item) {
      list = null;
      block.append(element("p", {}, ...content));
      continue;
    }
    if (list === null) block.append(list = element("ul"));
    list.append(element("li", {}, ...content));
  }
  return block;
}

function withCitations(text, sourceCount, sourceId) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(CITATION)) {
    const position = Number(match[1]);
    if (position < 1 || position > sourceCount) continue;
    parts.push(text.slice(end, match.index), citation(position, sourceId(position)));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

function citation(position, target) {
  const link = element("a", { className: "citation", text: `[${position}]` });
  link.href = `#${target}`;
  link.setAttribute("aria-label", `fonte ${position}`);
  return link;
}

function sourceList(sources, headings, sourceId) {
  const list = element("ol");
  sources.forEach((source, index) => {
    const page = source.page ? `, página ${source.page}` : "";
    const item = element("li", {},
      element("span", { className: "number", text: String(index + 1) }),
      element("p", { className: "heading", text: headings[index] ?? `${source.source}${page}` }),
      element("p", { className: "file" }, "Documento: ", originalLink(source, `${source.source}${page}`)));
    if (source.excerpt) item.append(element("blockquote", { text: source.excerpt }));
    item.id = sourceId(index + 1);
    item.tabIndex = -1;
    list.append(item);
  });
  return element("section", { className: "sources" }, element("h4", { text: "Fontes" }), list);
}

function originalLink(source, text) {
  const link = element("a", { text });
  const place = source.page ? `#page=${source.page}` : "";
  link.href = `/api/v1/documents/${encodeURIComponent(source.document_id)}/original${place}`;
  link.target = "_blank";
  link.rel = "noopener";
  link.title = "Abrir o documento original em outra aba";
  return link;
}

// The form -----------------------------------------------------------------------------------------------------------

function announce(text) {
  status.textContent = text;
}

function complain(text) {
  questionError.textContent = text;
  questionError.hidden = text === "";
  question.setAttribute("aria-invalid", String(text !== ""));
}

function showCounter() {
  const left = LONGEST_QUESTION - question.value.length;
  counter.hidden = question.value.length < COUNTER_FROM;
  counter.textContent = left === 1 ? "Resta 1 caractere" : `Restam ${left} caracteres`;
  if (left === 0) announce(`A pergunta chegou ao limite de ${LONGEST_QUESTION} caracteres.`);
}

function setPending(controller) {
  pending = controller;
  send.setAttribute("aria-disabled", String(controller !== null));
  conversation.setAttribute("aria-busy", String(controller !== null));
  question.readOnly = controller !== null;
}

async function submit() {
  if (pending !== null) return;
  const message = question.value.trim();
  if (message === "") {
    complain("Escreva uma pergunta.");
    question.focus();
    return;
  }
  complain("");
  welcome.hidden = true;
  newConversation.hidden = false;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new AskError(TOO_LATE)), PATIENCE_MS);
  const turn = startTurn(message);
  setPending(controller);
  announce("Procurando nos documentos…");
  try {
    const body = await ask(message, controller.signal);
    if (pending !== controller) return;
    sessionId = body.session_id;
    question.value = "";
    showCounter();
    showAnswer(turn, body);
  } catch (error) {
    if (pending !== controller) return;
    if (!(error instanceof AskError)) throw error;
    if (error.code === "session_not_found") sessionId = null;
    showFailure(turn, error);
  } finally {
    clearTimeout(timer);
    if (pending === controller) setPending(null);
  }
}

function restart() {
  pending?.abort();
  setPending(null);
  sessionId = null;
  conversation.replaceChildren();
  question.value = "";
  complain("");
  showCounter();
  welcome.hidden = false;
  newConversation.hidden = true;
  announce("Nova conversa.");
  question.focus();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
question.addEventListener("input", () => {
  complain("");
  showCounter();
});
question.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
newConversation.addEventListener("click", restart);

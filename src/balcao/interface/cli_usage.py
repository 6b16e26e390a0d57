"""Help and usage errors in Portuguese: the command line library knows English only.

Typer keeps the two types needed for it in a private package; the lock file holds the version that this was tried with.
"""

import re

import typer
from typer._click.core import Context
from typer._click.exceptions import UsageError
from typer.core import TyperCommand, TyperGroup

_HELP = (
    (re.compile(r"^Usage: ", re.MULTILINE), "Uso: "),
    (re.compile(r"\[OPTIONS\]"), "[OPÇÕES]"),
    (re.compile(r"COMMAND \[ARGS\]\.\.\."), "COMANDO [ARGUMENTOS]..."),
    (re.compile(r"\{([^{}.]+)(?:\.\.\.)?\}"), r"\1"),
    (re.compile(r"^Options:$", re.MULTILINE), "Opções:"),
    (re.compile(r"^Arguments:$", re.MULTILINE), "Argumentos:"),
    (re.compile(r"^Commands:$", re.MULTILINE), "Comandos:"),
    (re.compile(r"Show this message and exit\."), "Mostra esta ajuda."),
    (re.compile(r"(\[|; )required\]"), r"\1obrigatório]"),
    (re.compile(r"\[default:(\s)"), r"[padrão:\1"),
    (re.compile(r"\b(\d+)<=x<=(\d+)\b"), r"de \1 a \2"),
    (re.compile(r"\bx>=(\d+)\b"), r"no mínimo \1"),
    (re.compile(r" <(?:list\[)?(?:Path|UUID|str|int)(?: range)?\]?>"), ""),
)
_ERRORS = (
    (r"Missing argument '(.+)'\.", r"Falta informar \1"),
    (r"Missing option '(.+)'\.", r"Falta a opção \1."),
    (r"Missing command\.", "Falta o comando."),
    (r"No such command '(.+?)'\. Did you mean (.+)\?", r'O comando "\1" não existe; seria \2?'),
    (r"No such command '(.+)'\.", r'O comando "\1" não existe.'),
    (r"No such option: (\S+)(?: \(Possible options: (.+)\))?(?: Did you mean .+)?", r"A opção \1 não existe."),
    (r"Option '(.+)' requires an argument\.", r"A opção \1 precisa de um valor."),
    (r"Got unexpected extra arguments?(?:\(s\))? \((.+)\)", r'Sobrou "\1"; um texto com espaços vai entre aspas.'),
    (r"Invalid value for '(.+?)': .*less than or equal to (\d+)", r"O valor de \1 é grande demais; o máximo é \2."),
    (r"Invalid value for '(.+?)': .*greater than or equal to (\d+)", r"O valor de \1 é pequeno demais; o mínimo é \2."),
    (r"Invalid value for '(.+?)': .*valid integer.*", r"O valor de \1 não é um número inteiro."),
    (r"Invalid value for '(.+?)': .*valid UUID.*", r"O valor de \1 não é um identificador (UUID)."),
    (r"Invalid value for '(.+?)': (?:dir|path) '(.+)' does not exist\.", r'A pasta "\2", de \1, não existe.'),
    (r"Invalid value for '(.+?)': .* is not one of (.+)\.", r"O valor de \1 não serve; use um destes: \2."),
    (r"Invalid value for '(.+?)': .* not match the formats? .*", r"O valor de \1 não é um dia; escreva AAAA-MM-DD."),
    (r"Invalid value for '(.+?)':.*", r"O valor de \1 não serve."),
    (r"Invalid value: (.+)", r"\1"),
)


class _Command(TyperCommand):
    def get_help(self, ctx: Context) -> str:
        return _translated(super().get_help(ctx))

    def get_usage(self, ctx: Context) -> str:
        return _translated(super().get_usage(ctx))


class _Group(TyperGroup):
    def get_help(self, ctx: Context) -> str:
        return _translated(super().get_help(ctx))

    def get_usage(self, ctx: Context) -> str:
        return _translated(super().get_usage(ctx))


def speak_portuguese(app: typer.Typer) -> None:
    """Give the application's commands and groups, as registered so far, a help text in Portuguese."""
    app.info.cls = _Group
    for command in app.registered_commands:
        command.cls = _Command
    for group in app.registered_groups:
        if group.typer_instance:
            speak_portuguese(group.typer_instance)


def usage_error(error: typer.TyperException) -> tuple[str, str]:
    """What was wrong with a command line, and that with the usage above it; the whole help where nothing was asked."""
    said = error.format_message().replace("' / '", " ou ")
    if said.startswith("Uso: "):
        return "Falta o comando.", said
    sentence = next((match.expand(text) for pattern, text in _ERRORS if (match := re.fullmatch(pattern, said))), said)
    context = error.ctx if isinstance(error, UsageError) else None
    if context is None:
        return sentence, sentence
    return sentence, f'{context.get_usage()}\n{sentence}\nAjuda: "{context.command_path} --help"'


def _translated(text: str) -> str:
    for english, portuguese in _HELP:
        text = english.sub(portuguese, text)
    return text

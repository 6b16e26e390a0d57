"""Ports of conversations."""

from datetime import datetime
from typing import Protocol

from balcao.domain.chat import ChatSession, Message, TokenUsage
from balcao.domain.ids import MessageId, SessionId, UsuarioId


class SessionRepository(Protocol):
    """The conversations of the unit of work's prefeitura."""

    async def save_session(self, session: ChatSession) -> ChatSession:
        """Insert the session, or update the one with its id. Its messages are saved by MessageRepository."""
        ...

    async def find_session_by_id(self, session_id: SessionId) -> ChatSession | None:
        """The session without its messages, unless erased."""
        ...

    async def find_active_sessions(self, limit: int = 100) -> list[ChatSession]:
        """Active sessions, most recently updated first."""
        ...

    async def delete_session(self, session_id: SessionId) -> bool:
        """Erase the conversation's text; its tokens stay counted. False when there was none."""
        ...

    async def deactivate_session(self, session_id: SessionId) -> bool:
        """Close the session; False when there was none active."""
        ...

    async def find_sessions_of(self, usuario_id: UsuarioId, limit: int, before: datetime | None) -> list[ChatSession]:
        """A person's sessions, most recently updated first, from those updated before this instant."""
        ...

    async def session_exists(self, session_id: SessionId) -> bool:
        """Whether there is such a session, not erased."""
        ...


class MessageRepository(Protocol):
    """The messages of the unit of work's prefeitura."""

    async def save_message(self, message: Message) -> Message:
        """Append the message to its session; without what is said in it, where the session was erased."""
        ...

    async def find_message_by_id(self, message_id: MessageId) -> Message | None:
        """One message."""
        ...

    async def find_messages_by_session_id(
        self, session_id: SessionId, limit: int = 100, offset: int = 0
    ) -> list[Message]:
        """A session's messages in the order they were written."""
        ...

    async def find_last_messages(self, session_id: SessionId, limit: int) -> list[Message]:
        """The session's last messages, in the order they were written."""
        ...

    async def delete_messages_by_session_id(self, session_id: SessionId) -> int:
        """Erase the content of a session's messages; their tokens stay counted. How many were erased."""
        ...

    async def count_messages_by_session_id(self, session_id: SessionId) -> int:
        """How many messages the session has."""
        ...

    async def add_tokens(self, message_id: MessageId, usage: TokenUsage) -> None:
        """Add what was spent to the message's tokens."""
        ...

    async def count_questions_since(self, session_id: SessionId, since: datetime) -> int:
        """How many questions were asked in the session at or after this instant."""
        ...

"""Balcão: answers from official documents, with citations, for many prefeituras in one installation."""

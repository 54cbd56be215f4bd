"""A wait that ends. `asyncio.wait_for` would do, but CPython 3.11's loses a cancellation that comes in the turn of the result."""

import asyncio

if False:  # for the type checker
    from collections.abc import Awaitable
    from typing import TypeVar

    T = TypeVar("T")

try:
    _timeout = asyncio.timeout

    async def within(awaitable: "Awaitable[T]", seconds: float) -> "T":
        """What `awaitable` gives; asyncio.TimeoutError, and `awaitable` cancelled, when it takes longer than `seconds`."""
        async with _timeout(seconds):
            return await awaitable

except AttributeError:  # MicroPython, whose wait_for loses none

    async def within(awaitable: "Awaitable[T]", seconds: float) -> "T":
        """What `awaitable` gives; asyncio.TimeoutError, and `awaitable` cancelled, when it takes longer than `seconds`."""
        return await asyncio.wait_for(awaitable, seconds)

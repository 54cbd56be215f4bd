"""A wait that ends. `asyncio.wait_for` would do, but CPython 3.11's loses a cancellation that comes in the turn of the result."""

import asyncio

try:
    _timeout = asyncio.timeout

    async def within(awaitable, seconds):
        """What `awaitable` gives; asyncio.TimeoutError, and `awaitable` cancelled, when it takes longer than `seconds`."""
        async with _timeout(seconds):
            return await awaitable

except AttributeError:  # MicroPython, whose wait_for loses none

    async def within(awaitable, seconds):
        """What `awaitable` gives; asyncio.TimeoutError, and `awaitable` cancelled, when it takes longer than `seconds`."""
        return await asyncio.wait_for(awaitable, seconds)

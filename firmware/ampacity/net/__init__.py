"""The way upstream: WebSocket, HTTP head, names, time of day. Cores without I/O, and thin asyncio doors around them."""

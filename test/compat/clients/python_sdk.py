import asyncio

import mcp

from task import headers, show, task


async def with_client():
    """The second generation."""
    from mcp.client.streamable_http import streamable_http_client
    from mcp.shared._httpx_utils import create_mcp_http_client

    async with create_mcp_http_client(headers=headers) as http:
        async with mcp.Client(streamable_http_client(task["url"], http_client=http)) as client:
            return await client.list_tools(), await client.call_tool(task["tool"], task["arguments"])


async def with_session():
    """The first generation."""
    from mcp.client.streamable_http import streamablehttp_client

    async with streamablehttp_client(task["url"], headers=headers) as (read, write, _):
        async with mcp.ClientSession(read, write) as session:
            await session.initialize()
            return await session.list_tools(), await session.call_tool(task["tool"], task["arguments"])


listed, call = asyncio.run(with_client() if hasattr(mcp, "Client") else with_session())
show(
    [tool.model_dump(mode="json", exclude_unset=True) for tool in listed.tools],
    call.model_dump(mode="json", exclude_unset=True),
)

import asyncio

from fastmcp import Client
from fastmcp.client.transports import StreamableHttpTransport

from task import headers, show, task


async def main():
    async with Client(StreamableHttpTransport(task["url"], headers=headers)) as client:
        tools = await client.list_tools()
        call = await client.call_tool_mcp(task["tool"], task["arguments"])
    show([tool.model_dump(mode="json") for tool in tools], call.model_dump(mode="json"))


asyncio.run(main())

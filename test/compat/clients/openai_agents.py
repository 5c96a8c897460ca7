import asyncio

from agents.mcp import MCPServerStreamableHttp

from task import headers, show, task


async def main():
    async with MCPServerStreamableHttp(params={"url": task["url"], "headers": headers}) as server:
        tools = await server.list_tools()
        call = await server.call_tool(task["tool"], task["arguments"])
    show([tool.model_dump(mode="json") for tool in tools], call.model_dump(mode="json"))


asyncio.run(main())

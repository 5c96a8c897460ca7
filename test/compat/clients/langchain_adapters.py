import asyncio

from langchain_mcp_adapters.client import MultiServerMCPClient

from task import headers, show, task


async def main():
    here = {"transport": "streamable_http", "url": task["url"], "headers": headers}
    tools = await MultiServerMCPClient({"here": here}).get_tools()
    tool = next(tool for tool in tools if tool.name == task["tool"])
    answer = await tool.ainvoke({"type": "tool_call", "id": "1", "name": tool.name, "args": task["arguments"]})
    call = {"content": answer.content, "artifact": answer.artifact}
    # Each block gets an id of its own.
    for block in call["content"] if isinstance(call["content"], list) else []:
        block.pop("id", None)
    show([{"name": tool.name, "description": tool.description, "schema": tool.args_schema} for tool in tools], call)


asyncio.run(main())

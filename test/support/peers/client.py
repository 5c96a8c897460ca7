"""Lists all that a server has with the Python SDK, uses what it is told to, and prints what came of it.

Usage: client.py URL MODE < {"tools": [...], "prompts": [...], "resources": [...]}
"""

import asyncio
import json
import sys

from mcp import Client


async def pages(fetch, field):
    items, cursor = [], None
    while True:
        page = await (fetch() if cursor is None else fetch(cursor=cursor))
        items += getattr(page, field)
        cursor = page.next_cursor
        if not cursor:
            return items


async def main(url, mode, uses):
    async with Client(url, mode=mode) as client:
        seen = {
            "tools": [tool.name for tool in await pages(client.list_tools, "tools")],
            "prompts": [prompt.name for prompt in await pages(client.list_prompts, "prompts")],
            "resources": [str(resource.uri) for resource in await pages(client.list_resources, "resources")],
            "resourceTemplates": [
                template.uri_template for template in await pages(client.list_resource_templates, "resource_templates")
            ],
            "failed": [],
        }
        ways = {
            "tools": lambda name: client.call_tool(name, {"x": 1}),
            "prompts": client.get_prompt,
            "resources": client.read_resource,
        }

        async def use(kind, name):
            try:
                answer = await ways[kind](name)
                if getattr(answer, "is_error", False):
                    seen["failed"].append(f"{kind} {name}: {answer.content}")
            except Exception as error:
                seen["failed"].append(f"{kind} {name}: {error!r}")

        for kind in ways:
            await asyncio.gather(*(use(kind, name) for name in uses[kind]))
        return seen


print(json.dumps(asyncio.run(main(sys.argv[1], sys.argv[2], json.load(sys.stdin)))))

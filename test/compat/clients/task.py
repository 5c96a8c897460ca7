"""What to do, and how to say what came of it."""

import json
import os

task = json.loads(os.environ["COMPAT_TASK"])
headers = {"Authorization": f"Bearer {task['key']}"}


def show(tools, call):
    """Prints what the client saw, as the last line."""
    print()
    print(json.dumps({"tools": tools, "call": call}), flush=True)

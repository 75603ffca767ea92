"""Uploads the code and deploys the stack that runs it.

python deploy_stack.py my-deployments
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import boto3

HERE = Path(__file__).parent
REGION = "eu-central-1"
STACK = "order-intake"
BUILT_AT = (2020, 1, 1, 0, 0, 0)  # the same files give the same zip, whenever they were checked out


def package(source: Path) -> bytes:
    """The zip of a directory."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(source.glob("*.py")):
            archive.writestr(zipfile.ZipInfo(path.name, BUILT_AT), path.read_bytes())
    return packed.getvalue()


def deploy(bucket: str, source: Path = HERE / "src") -> dict[str, str]:
    """Creates the stack or updates it; its outputs."""
    code = package(source)
    key = f"intake-{hashlib.sha256(code).hexdigest()[:12]}.zip"
    boto3.client("s3", region_name=REGION).put_object(Bucket=bucket, Key=key, Body=code)

    cloudformation: Any = boto3.client("cloudformation", region_name=REGION)
    exists = any(stack["StackName"] == STACK for stack in cloudformation.describe_stacks()["Stacks"])
    call = cloudformation.update_stack if exists else cloudformation.create_stack
    call(
        StackName=STACK,
        TemplateBody=(HERE / "template.yaml").read_text(),
        Parameters=[
            {"ParameterKey": "CodeBucket", "ParameterValue": bucket},
            {"ParameterKey": "CodeKey", "ParameterValue": key},
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_update_complete" if exists else "stack_create_complete").wait(StackName=STACK)
    (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


if __name__ == "__main__":
    for name, value in deploy(bucket=sys.argv[1]).items():
        sys.stdout.write(f"{name}: {value}\n")

# From the documentation of Powertools for AWS Lambda (Python), Parameters.
from typing import Any

from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.typing import LambdaContext


def lambda_handler(event: dict, context: LambdaContext) -> dict:
    try:
        # Retrieve a single parameter
        endpoint_url: Any = parameters.get_parameter("/lambda-powertools/endpoint_url")

        return {"endpoint": endpoint_url, "statusCode": 200}
    except parameters.exceptions.GetParameterError as error:
        return {"error": str(error), "statusCode": 400}

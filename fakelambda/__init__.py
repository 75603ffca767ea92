"""AWS Lambda, whole, inside the test process."""

from fakelambda.domain.errors import NotModelled
from fakelambda.fake import FakeLambda, current
from fakelambda.inspection.records import ApiCall, Delivery, Invocation
from fakelambda.runtime.context import LambdaContext
from fakelambda.schedule.schedule import Pending

__all__ = ["ApiCall", "Delivery", "FakeLambda", "Invocation", "LambdaContext", "NotModelled", "Pending", "current"]

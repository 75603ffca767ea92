"""A state machine of Hypothesis to test code that deploys to Lambda and calls it; needs the extra ``hypothesis``.

from fakelambda.stateful import LambdaMachine

class Deployments(LambdaMachine):
    @rule(function=LambdaMachine.functions)
    def deploy(self, function): my_code.deploy(self.client, function)

TestDeployments = Deployments.TestCase
"""

from fakelambda.stateful.machine import LambdaMachine
from fakelambda.stateful.resources import Alias, Version

__all__ = ["Alias", "LambdaMachine", "Version"]

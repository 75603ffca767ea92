"""The pytest plugin of fakelambda: fixtures ``fake_lambda``, its wider kin, and ``lambda_client``; marker ``fake_lambda``.

It imports fakelambda, and with it botocore, only when a test asks for a fixture. Switch it off with ``-p no:conftest_plugin``.
"""

from conftest_plugin.fixtures import class_fake_lambda, fake_lambda, lambda_client, module_fake_lambda, session_fake_lambda
from conftest_plugin.markers import pytest_collection_modifyitems, pytest_configure
from conftest_plugin.report import pytest_addoption, pytest_runtest_makereport, pytest_runtest_protocol

__all__ = [
    "class_fake_lambda",
    "fake_lambda",
    "lambda_client",
    "module_fake_lambda",
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "session_fake_lambda",
]

"""SageMaker's API for endpoints: invocations and operations."""

"""Test suites that every space and every executor should pass, to be subclassed in a user's own test file.

    from harness.conformance.spaces import SpaceConformance

    class TestMySpace(SpaceConformance):
        space = MySpace()
        shape = {"width": 4}

They need pytest, which collects the inherited tests. nasinit's own spaces and executors are tested by the same classes.
"""

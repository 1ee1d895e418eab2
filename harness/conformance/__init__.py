"""Tests that every space and every executor should pass, to be subclassed in a test file of one's own.

    from harness.conformance.spaces import SpaceConformance

    class TestMySpace(SpaceConformance):
        space = MySpace()
        shape = {"width": 4}

pytest collects what the class inherits. nasinit's own spaces and executors are held to the same classes.
"""

"""Second derivatives of a pass in one sweep of tangents over its graph, for the measurement `hessian_form`."""

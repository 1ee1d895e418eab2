"""Second derivatives of a forward pass by one sweep of tangents over its graph, for the measurement `hessian_form`."""

"""The parts of the program `link`: a lossy network link between two network namespaces."""

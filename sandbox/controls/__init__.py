"""What the controls do, one module for each thing that they steer."""

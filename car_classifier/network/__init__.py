"""What is inside the exported graph: backbones, preprocessing, signatures, the closed form of explanations."""

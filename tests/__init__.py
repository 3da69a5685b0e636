"""Test Forecourt: unit, property, golden, integration and UI tests beside a plain oracle."""

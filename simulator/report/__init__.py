"""Report: what runs say, one file or two side by side, as tables, sentences, pictures and pages."""

"""Ranks: the official order, boards, exact ranks while members change, and prizes."""

"""Reporting: what tables of members add up to, as reports for people."""

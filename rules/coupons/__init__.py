"""Coupons: their life from issue to use, what they are worth on an order, and who issues them."""

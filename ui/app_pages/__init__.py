"""The pages, one file each; Streamlit runs them, nothing imports them."""

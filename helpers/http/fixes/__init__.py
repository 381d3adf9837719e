"""HTTP fixes, one file each; reached as `http.NAME`."""

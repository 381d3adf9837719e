"""HTTP checks, one file each; reached as `http.NAME`."""

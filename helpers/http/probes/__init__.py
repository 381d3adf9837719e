"""HTTP probes, one file each; reached as `http.NAME`."""

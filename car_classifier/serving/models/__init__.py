"""The served models.

`configuration` reads which models to serve; `repository` keeps their versions; `folder_watcher` follows their folders;
`loading`, `saved_model` and `warmup` load a version. `scheduling` and `batching` (set by `batching_parameters`)
run requests; `examples` and `tensor_protos` convert what both interfaces receive and send.
"""

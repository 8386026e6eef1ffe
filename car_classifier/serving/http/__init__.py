"""The REST interfaces: TensorFlow Serving's and KServe's.

`rest` maps URLs to answers; `json_requests` reads a body by its verb, with `json_tensors` (predict), `json_examples`
(classify, regress), `kserve` (explain) and `input_spec` (one input); `json_responses` and `metadata` write answers,
`json_text` is the JSON dialect, and `health` has the addresses for probes.
"""

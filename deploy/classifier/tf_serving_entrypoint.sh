#!/bin/sh
# Starts the embedded server the way the tensorflow/serving image starts its own: the model is named by MODEL_NAME,
# its versions are in MODEL_BASE_PATH/MODEL_NAME, and flags of tensorflow_model_server may follow.
set -eu

say() {
    echo "tf_serving_entrypoint.sh: $*" >&2
}

model_name=$MODEL_NAME
model_base_path=$MODEL_BASE_PATH/$MODEL_NAME
rest_api_port=8501

for flag in "$@"; do
    case $flag in
        --model_name=*) model_name=${flag#*=} ;;
        --model_base_path=*) model_base_path=${flag#*=} ;;
        --rest_api_port=*) rest_api_port=${flag#*=} ;;
        --monitoring_config_file=*) say "$flag is ignored: the embedded server has no metrics." ;;
        --port=*) say "$flag is ignored: the embedded server speaks REST only, not gRPC." ;;
        --enable_batching | --enable_batching=* | --batching_parameters_file=*)
            say "$flag is ignored: the embedded server does not batch requests."
            ;;
        *)
            say "the embedded server has no flag $flag. Leave it out, or use the tensorflow/serving image."
            exit 2
            ;;
    esac
done

exec car-classifier serve --host 0.0.0.0 --rest-api-port "$rest_api_port" \
    --model-name "$model_name" --model-base-path "$model_base_path"

#!/bin/sh
# Starts the embedded server as the tensorflow/serving image starts its own: MODEL_NAME names the model,
# MODEL_BASE_PATH/MODEL_NAME holds its versions, and flags of tensorflow_model_server may follow.
set -eu

say() {
    echo "tf_serving_entrypoint.sh: $*" >&2
}

model_name=$MODEL_NAME
model_base_path=$MODEL_BASE_PATH/$MODEL_NAME
rest_api_port=8501
port=8500
model_config_file=
model_config_file_poll_wait_seconds=0
allow_version_labels_for_unavailable_models=no-allow-version-labels-for-unavailable-models
enable_batching=no-enable-batching
batching_parameters_file=
monitoring_config_file=
cors=no-rest-api-enable-cors-support

for flag in "$@"; do
    case $flag in
        --model_name=*) model_name=${flag#*=} ;;
        --model_base_path=*) model_base_path=${flag#*=} ;;
        --rest_api_port=*) rest_api_port=${flag#*=} ;;
        --monitoring_config_file=*) monitoring_config_file=${flag#*=} ;;
        --port=0) port=-1 ;; # in TensorFlow Serving, 0 switches gRPC off
        --port=*) port=${flag#*=} ;;
        --model_config_file=*) model_config_file=${flag#*=} ;;
        --model_config_file_poll_wait_seconds=*) model_config_file_poll_wait_seconds=${flag#*=} ;;
        --allow_version_labels_for_unavailable_models | --allow_version_labels_for_unavailable_models=true)
            allow_version_labels_for_unavailable_models=allow-version-labels-for-unavailable-models
            ;;
        --allow_version_labels_for_unavailable_models=false) ;;
        --enable_batching | --enable_batching=true) enable_batching=enable-batching ;;
        --enable_batching=false) enable_batching=no-enable-batching ;;
        --batching_parameters_file=*) batching_parameters_file=${flag#*=} ;;
        --rest_api_enable_cors_support | --rest_api_enable_cors_support=true) cors=rest-api-enable-cors-support ;;
        --rest_api_enable_cors_support=false) cors=no-rest-api-enable-cors-support ;;
        *)
            say "the embedded server has no flag $flag. Leave it out, or use the tensorflow/serving image."
            exit 2
            ;;
    esac
done

exec car-classifier serve --host 0.0.0.0 --rest-api-port "$rest_api_port" --port "$port" \
    ${model_config_file:+--model-config-file "$model_config_file"} \
    --model-config-file-poll-wait-seconds "$model_config_file_poll_wait_seconds" \
    --"$allow_version_labels_for_unavailable_models" \
    ${monitoring_config_file:+--monitoring-config-file "$monitoring_config_file"} \
    --"$enable_batching" ${batching_parameters_file:+--batching-parameters-file "$batching_parameters_file"} --"$cors" \
    --model-name "$model_name" --model-base-path "$model_base_path"

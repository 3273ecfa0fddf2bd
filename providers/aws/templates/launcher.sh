<%# kind: shell %>
<%# SPDX-License-Identifier: Apache-2.0 %>
<%# The user data of a training machine: runs one job, once, and ends the machine.
    docs/platforms/aws-launcher.md tells how it works; tests/launcher/ runs it through every branch.

    A user-data script may have 16 KiB. Comments like this one are not part of it, so the why stands
    in them and the script keeps only what a person on the machine needs.

    Variables (all required; durations are whole seconds):
      stack                string   the stack's prefix, shown in logs and to MLflow
      run                  string   the run's name: letters, digits, `.`, `_`, `-`
      region               string   of buckets, registry and logs
      image                string   URI of the container image, with tag or digest
      command              list     the container's command and arguments; [] for the image's own
      env                  map      more variables of the container, text to text; no secrets: user data is
                                    readable by who may describe the machine
      data_bucket          string   its `data/` is what the container sees as /data
      outputs_bucket       string   where `runs/` is
      nodes                int      machines of the run
      node_rank            int      this machine's number; -1: its launch index in the reservation
      master_address       string   node 0's address; '': node 0 tells it through the bucket
      gpus                 int      so many GPUs must answer before anything is pulled; 0: none needed
      auto_shutdown        bool     whether the machine ends itself, whatever the result
      max_runtime          int      after so long on this machine the run is stopped; 0: never
      checkpoint_interval  int      how often complete checkpoints are uploaded
      checkpoint_marker    string   the file that a checkpoint's folder has once it is complete
      checkpoint_signal    string   sent to the container when AWS recommends to move a spot machine, for
                                    an early checkpoint (`USR1`); '': nothing, for who knows no such signal dies of it
      stop_grace           int      between SIGTERM and SIGKILL; a spot machine has 120 s in all
      log_groups           object   setup, training, container: names of log groups, which exist
      metrics_namespace    string   of GPU, memory and disk metrics; '': none are sent
      mlflow               string   MLFLOW_TRACKING_URI of the container; '': none
      upgrade              bool     whether Debian packages are upgraded first (not kernel, driver and Docker)

    What the machine's profile must allow, beyond reading data/, writing the outputs bucket, pulling
    and logs: s3:DeleteObject on <outputs>/runs/latest/* (what an earlier run left there goes),
    cloudwatch:PutMetricData for the metrics. %>
#!/bin/bash
# Runs training job <%= run %> of <%= stack %> once; made by llmforge (docs/platforms/aws-launcher.md).
# shellcheck disable=SC2317  # reached through step and traps
set -euo pipefail
STACK=<%= stack %> RUN=<%= run %> IMAGE=<%= image %>
DATA=s3://<%= data_bucket %>/data BUCKET=<%= outputs_bucket %>
COMMAND=(<%= command %>)
NODES=<%= nodes %> RANK=<%= node_rank %> MASTER=<%= master_address %> GPUS=<%= gpus %>
AUTO_SHUTDOWN=<%= auto_shutdown %> MAX_RUNTIME=<%= max_runtime %> STOP_GRACE=<%= stop_grace %>
INTERVAL=<%= checkpoint_interval %> MARKER=<%= checkpoint_marker %>
<% if checkpoint_signal != '' %>
EARLY=<%= checkpoint_signal %>
<% end %>
LOG_SETUP=<%= log_groups.setup %> LOG_TRAINING=<%= log_groups.training %> LOG_CONTAINER=<%= log_groups.container %>
METRICS=<%= metrics_namespace %> MLFLOW=<%= mlflow %>
ENVIRONMENT=(
<% for key, value in env %>
  -e <%= key + '=' + value %>
<% end %>
)
export AWS_DEFAULT_REGION=<%= region %> AWS_RETRY_MODE=standard AWS_MAX_ATTEMPTS=5 AWS_PAGER=
export DEBIAN_FRONTEND=noninteractive HOME=${HOME:-/root}

<%# Tests put the files under a folder, name another metadata server and make the waits short. %>
ROOT=${LLMFORGE_ROOT:-} IMDS=${LLMFORGE_IMDS:-http://169.254.169.254}
POLL=${LLMFORGE_POLL:-5} BEAT=${LLMFORGE_BEAT:-$((NODES > 1 ? 30 : 120))} PAUSE=${LLMFORGE_PAUSE:-5}
VAR=$ROOT/var/lib/llmforge WORK=$ROOT/opt/training LOG=$ROOT/var/log
OUT=s3://$BUCKET STATE=$OUT/runs/.state/$RUN
PREFIX='' ATTEMPT=0 STEP='' CHILD='' INSTANCE='' RESUME='' DIGEST='' GOING=''

<%# By cloud-init, at the first boot: becomes a service, so that a reboot and a crash start it again.
    Kept files make each start go on where the last one was. A crash that repeats ends the machine. %>
if [[ ${1:-} != run ]]; then
  trap '[[ $? == 0 || $AUTO_SHUTDOWN != true ]] || shutdown -h now' EXIT
  install -D -m 0700 "$0" "$ROOT/usr/local/sbin/llmforge-training"
  mkdir -p "$ROOT/etc/systemd/system"
  cat >"$ROOT/etc/systemd/system/llmforge-training.service" <<UNIT
[Unit]
Description=Training run $RUN of $STACK
After=network-online.target docker.service
Wants=network-online.target
StartLimitIntervalSec=1h
StartLimitBurst=5
StartLimitAction=$([[ $AUTO_SHUTDOWN == true ]] && echo poweroff || echo none)

[Service]
ExecStart=/usr/local/sbin/llmforge-training run
KillMode=mixed
TimeoutStopSec=180
Restart=on-failure
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
  systemctl daemon-reload
  systemctl enable llmforge-training
  systemctl start --no-block llmforge-training
  exit
fi

mkdir -p "$VAR/uploaded" "$WORK"/{data,checkpoints,output} "$LOG"
exec > >(tee -a "$LOG/training-setup.log") 2>&1
[[ -e $VAR/first-start ]] || date +%s >"$VAR/first-start"

log() { printf '%s %s\n' "$(date -u +%FT%TZ)" "$*"; }
retry() { local n; for n in 1 2 3; do "$@" && return; log "failed ($n of 3): ${*:1:3}"; sleep $((n * PAUSE)); done; return 1; }
imds() {
  local token
  token=$(curl -fsS -m 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$IMDS/latest/api/token") &&
    curl -fsS -m 3 -H "X-aws-ec2-metadata-token: $token" "$IMDS/latest/meta-data/$1"
}
<%# An error that is no "not there" must not read as "not there": the run would start again. %>
get() { # NAME: the text of a state object, nothing where there is none
  local text
  if text=$(aws s3 cp --only-show-errors "$STATE/$1" - 2>&1); then printf '%s' "$text"; return; fi
  [[ $text == *'(404)'* ]] || { log "cannot read $1: $text"; return 1; }
}
put() { printf '%s\n' "$2" | aws s3 cp --only-show-errors - "$1"; } # S3_URI TEXT
field() { jq -r ".$2 // empty" <<<"$1"; }      # JSON NAME
record() { # NAME VALUE...: the object that stands for this attempt
  jq -cn --arg run "$RUN" --arg prefix "$PREFIX" --arg instance "$INSTANCE" --argjson attempt "$ATTEMPT" \
    --arg at "$(date -u +%FT%TZ)" --arg image "${DIGEST:-$IMAGE}" '$ARGS.named + ([$ARGS.positional |
    range(0; length; 2) as $i | {(.[$i]): (.[$i + 1] | tonumber? // .)}] | add)' --args "$@"
}
# In the background and waited for, so that a notice need not wait for what runs.
step() { STEP=$1; log "== $STEP"; shift; ("$@") & CHILD=$!; wait "$CHILD"; }
node() { ((RANK == 0)) || echo "node-$RANK/"; }
container() { docker inspect -f "{{.State.$1}}" training 2>/dev/null; }

upload_logs() { local f; for f in training-setup training; do
  [[ ! -e $LOG/$f.log ]] || aws s3 cp --only-show-errors "$LOG/$f.log" "$OUT/$PREFIX/logs/$(node)$f.log"; done; }
<%# The marker goes last: a checkpoint in the bucket that has it is whole. The newest goes first: of
    two minutes before an interruption's end nothing is spent on older ones. %>
upload_checkpoints() { # [newest]
  local folder name failed=0
  ((RANK == 0)) || return 0
  while read -r folder; do
    name=$(basename "$folder")
    [[ -e $folder/$MARKER ]] || continue
    if [[ ! $folder/$MARKER -nt $VAR/uploaded/$name ]]; then :
    elif aws s3 sync --only-show-errors --exclude "$MARKER" "$folder" "$OUT/$PREFIX/checkpoints/$name/" &&
      aws s3 cp --only-show-errors "$folder$MARKER" "$OUT/$PREFIX/checkpoints/$name/$MARKER"; then
      touch -r "$folder/$MARKER" "$VAR/uploaded/$name"; log "checkpoint $name is uploaded"
    else failed=1; fi
    [[ ! ${1:-} ]] || break
  done < <(printf '%s\n' "$WORK"/checkpoints/*/ | sort -rV)
  return $failed
}
upload_rest() {
  ((RANK == 0)) || return 0
  aws s3 sync --only-show-errors --exclude "*/$MARKER" "$WORK/checkpoints/" "$OUT/$PREFIX/checkpoints/" &&
    aws s3 sync --only-show-errors "$WORK/output/" "$OUT/$PREFIX/output/"
}

own() { # before the run is claimed: whether it is for this machine to say how it ended
  local started end
  started=$(get started.json) && end=$(get ended.json) || return
  PREFIX=$(field "$started" prefix)
  [[ (! $started || $(field "$started" instance) == "$INSTANCE") && $(field "$end" result) != [SF]* ]]
}
leave() { # ends the machine
  if [[ $AUTO_SHUTDOWN != true ]]; then
    log 'auto_shutdown is off: the machine stays'; systemctl disable llmforge-training; exit 0
  fi
  log 'terminating this machine'
  aws ec2 terminate-instances --instance-ids "$INSTANCE" || shutdown -h now
  exit 0
}
<%# Each end goes through here, once, and nothing cuts it short. What a spot machine has no time for
    (120 s from the notice) comes after the marker. AWS ends an interrupted machine itself: were it to
    end itself, nobody could tell an interruption from an end. %>
finish() { # RESULT EXIT_CODE REASON
  local result=$1 code=$2 reason=$3 json
  trap - EXIT; trap '' TERM INT USR1; set +e
  for json in $(jobs -p); do pkill -P "$json"; kill "$json"; done 2>/dev/null
  [[ $(container Running) != true ]] || docker stop -t "$STOP_GRACE" training >/dev/null
  (($(df --output=avail -B1M "$WORK" | tail -n1) >= 100)) || reason+='; the disk is full'
  rm -f "$VAR/reserve"
  ((ATTEMPT > 0)) || own || { log "$result: $reason; nothing is said about the run"; leave; }
  [[ $PREFIX ]] || PREFIX=runs/$(date -u +%Y%m%dT%H%M%SZ)
  if [[ $result == INTERRUPTED ]]; then
    upload_checkpoints newest
  elif ! { retry upload_checkpoints && retry upload_rest; } && [[ $result == SUCCESS ]]; then
    result=FAILURE reason='the results could not be uploaded'
  fi
  log "$result, exit code $code: $reason"
  upload_logs
  json=$(record result "$result" exit_code "$code" reason "$reason")
  if ((RANK == 0)); then
    retry put "$OUT/$PREFIX/$result" "$json"
    retry put "$STATE/ended.json" "$json"
    [[ $result == INTERRUPTED ]] || aws s3 sync --delete --exclude INTERRUPTED --copy-props none --only-show-errors "$OUT/$PREFIX/" "$OUT/runs/latest/"
  else
    retry put "$STATE/node-$ATTEMPT-$RANK-$result" "$json"
  fi
  [[ ! $GOING ]] || exit 0
  [[ $result != INTERRUPTED ]] || sleep $((60 * PAUSE))
  leave
}
going() { # by systemd: the machine is shut down or booted anew
  GOING=1; ((ATTEMPT > 0)) || { trap - EXIT; exit 0; }
  finish INTERRUPTED 143 'the machine was stopped'
}
trap 'finish FAILURE 1 "$STEP failed"' EXIT
trap going TERM INT

# ---- whose run it is

ended() { # RESULT WHERE: nothing is left to do here
  log "run $RUN: $1 ($2); nothing is started"
  trap - EXIT; leave
}
<%# Node 0 claims the run. One that has SUCCESS or FAILURE is over. One that was interrupted goes on;
    so does one whose machine gave no sign of life for long enough, for it died without a word. %>
claim() {
  local started end holder beat seen='' waited=0
  while :; do
    started=$(get started.json); end=$(get ended.json)
    case $(field "$end" result) in SUCCESS | FAILURE) ended "$(field "$end" result)" "$(field "$end" prefix)" ;; esac
    if [[ ! $started ]]; then
      PREFIX=runs/$(date -u +%Y%m%dT%H%M%SZ) ATTEMPT=1
      record address "$ADDRESS" >"$VAR/started.json"
      heartbeat
      if end=$(aws s3api put-object --bucket "$BUCKET" --key "runs/.state/$RUN/started.json" \
        --body "$VAR/started.json" --if-none-match '*' 2>&1); then return; fi
      [[ $end == *PreconditionFailed* || $end == *ConditionalRequestConflict* ]] || { log "$end"; return 1; }
      continue
    fi
    PREFIX=$(field "$started" prefix) ATTEMPT=$(field "$started" attempt) holder=$(field "$started" instance)
    [[ $holder != "$INSTANCE" && $(field "$end" attempt) != "$ATTEMPT" ]] || break
    beat=$(get heartbeat)
    if ((waited == 0)); then seen=$beat; log "$holder has this run: waiting for a sign of life"
    elif [[ $beat != "$seen" ]]; then ended 'under way' "on $holder"
    elif ((waited > 2)); then log "$holder gave none: taking over"; break; fi
    waited=$((waited + 1)); sleep "$BEAT"
  done
  ATTEMPT=$((ATTEMPT + 1)); log "run $RUN goes on, attempt $ATTEMPT"
  heartbeat
<% if nodes > 1 %>
  FROM=$(newest_of_all)
  put "$STATE/started.json" "$(record address "$ADDRESS" resume "$FROM")"
<% else %>
  put "$STATE/started.json" "$(record address "$ADDRESS")"
<% end %>
}
heartbeat() { put "$STATE/heartbeat" "$(date +%s)"; }
<% if nodes > 1 %>
<%# All go on from one checkpoint: what was the newest when node 0 took the run. %>
FROM=''
newest_of_all() {
  aws s3api list-objects-v2 --bucket "$BUCKET" --prefix "$PREFIX/checkpoints/" --output json |
    jq -r --arg m "/$MARKER" '.Contents // [] | .[].Key | select(endswith($m))' | sort -V | tail -n1
}
join() { # the other nodes wait until node 0 has the run
  local started end beat n given=$MASTER since=$(($(cat "$VAR/first-start") - 600))
  for ((n = 0; n < 360; n++)); do
    started=$(get started.json); end=$(get ended.json); beat=$(get heartbeat)
    case $(field "$end" result) in SUCCESS | FAILURE) ended "$(field "$end" result)" "$(field "$end" prefix)" ;; esac
    PREFIX=$(field "$started" prefix) ATTEMPT=$(field "$started" attempt) MASTER=${given:-$(field "$started" address)}
    FROM=$(field "$started" resume)
    [[ ! $started || ${beat:-0} -lt $since || $(field "$end" attempt) == "$ATTEMPT" ]] || return 0
    sleep "$PAUSE"
  done
  log 'node 0 did not come'; return 1
}
<% end %>

<%# Beside everything, from the claim on: what may end the run from outside. %>
guard() {
  set +e
  local turn=0 now end
  stop() { printf '%s\n' "$1" "$2" >"$VAR/stop"; kill -USR1 $$; exit; }
<% if nodes > 1 %>
<%# A machine that dies takes no leave. What comes back unchanged for so long is a dead one's; nothing
    is one that has not begun. %>
  local list n signs=() quiet=()
  alive() { # RANK SIGN
    [[ $2 ]] || return
    if [[ $2 != "${signs[$1]:-}" ]]; then signs[$1]=$2 quiet[$1]=0; return; fi
    quiet[$1]=$((quiet[$1] + 1)); ((quiet[$1] < 6)) || stop FAILURE "node $1 gives no sign of life"
  }
<% end %>
  while sleep "$POLL"; do
    now=$(imds spot/instance-action 2>/dev/null) && stop INTERRUPTED "spot interruption: $now"
<% if checkpoint_signal != '' %>
    if [[ ! -e $VAR/early ]] && imds events/recommendations/rebalance >"$VAR/early.new" 2>/dev/null; then
      mv "$VAR/early.new" "$VAR/early"; log "AWS recommends to move: SIG$EARLY"; docker kill -s "$EARLY" training
    fi
<% end %>
    ((MAX_RUNTIME == 0 || $(date +%s) - $(cat "$VAR/first-start") < MAX_RUNTIME)) ||
      stop FAILURE "max_runtime of $MAX_RUNTIME s is over"
    turn=$((turn + POLL)); ((turn >= BEAT)) || continue; turn=0
<% if nodes > 1 %>
    if ((RANK > 0)); then
      end=$(get ended.json)
      [[ $(field "$end" attempt) != "$ATTEMPT" ]] || stop "$(field "$end" result)" 'node 0 ended'
      put "$STATE/node-$ATTEMPT-$RANK-alive" "$(date +%s)"
      alive 0 "$(get heartbeat)"
      continue
    fi
    list=$(aws s3 ls "$STATE/node-$ATTEMPT-")
    case $list in
      *INTERRUPTED*) stop INTERRUPTED 'another node was interrupted' ;;
      *FAILURE*) stop FAILURE 'another node failed' ;;
    esac
    for ((n = 1; n < NODES; n++)); do
      [[ $list == *"-$n-SUCCESS"* ]] || alive "$n" "$(grep -e "-$n-alive\$" <<<"$list")"
    done
<% end %>
    heartbeat
    end=$(get started.json) && [[ $end && $(field "$end" instance) != "$INSTANCE" ]] && stop LOST 'another machine has this run'
    [[ ! $(get stop) ]] || stop FAILURE 'stopped on request'
  done
}
told() { # by the guard
  local why; mapfile -t why <"$VAR/stop"
  log "${why[1]}"
  [[ ${why[0]} != LOST ]] || { trap - EXIT; docker rm -f training || true; leave; }
  finish "${why[0]}" 143 "${why[1]}"
}

# ---- the steps

dependencies() {
  local opt=(-q -y -o DPkg::Lock::Timeout=600)
  retry apt-get -q update
<% if upgrade %>
  mapfile -t kept < <(dpkg-query -W -f '${Package}\n' | grep -E '^(linux-|docker|containerd|.*nvidia|cuda)')
  ((${#kept[@]} == 0)) || apt-mark hold "${kept[@]}" >/dev/null
  apt-get "${opt[@]}" upgrade
<% end %>
  retry apt-get "${opt[@]}" install --no-install-recommends curl gnupg jq tmux
}
toolkit() {
  local found url=https://nvidia.github.io/libnvidia-container key=$ROOT/usr/share/keyrings/nvidia.gpg
  ((GPUS > 0)) || return 0
  [[ $(docker info -f '{{json .Runtimes}}') == *nvidia* ]] || {
    mkdir -p "$ROOT"/etc/apt/sources.list.d "${key%/*}"
    curl -fsSL "$url/gpgkey" | gpg --batch --yes --dearmor -o "$key"
    curl -fsSL "$url/stable/deb/nvidia-container-toolkit.list" | sed "s#deb https://#deb [signed-by=$key] https://#" \
      >"$ROOT/etc/apt/sources.list.d/nvidia-container-toolkit.list"
    retry apt-get -q update; retry apt-get -q -y install nvidia-container-toolkit
    nvidia-ctk runtime configure --runtime=docker; systemctl restart docker
  }
  found=$(nvidia-smi -L | grep -c '^GPU ' || true); log "$found GPUs answer"
  ((found >= GPUS)) || { log "$GPUS are wanted"; return 1; }
}
<%# Without logs in CloudWatch a run is still a run: this fails in words only. %>
monitoring() {
  local agent=/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl region=$AWS_DEFAULT_REGION
  [[ -x $ROOT$agent ]] || {
    curl -fsSLo "$VAR/agent.deb" "https://amazoncloudwatch-agent-$region.s3.$region.amazonaws.com/ubuntu/$(dpkg --print-architecture)/latest/amazon-cloudwatch-agent.deb" &&
      dpkg -i "$VAR/agent.deb" || return
  }
  jq -n --arg setup "$LOG_SETUP" --arg training "$LOG_TRAINING" --arg space "$METRICS" --arg logs "$LOG" '
    def tail($file; $group): {file_path: "\($logs)/\($file)", log_group_name: $group, log_stream_name: "{instance_id}"};
    {agent: {metrics_collection_interval: 60},
     logs: {logs_collected: {files: {collect_list: [tail("training-setup.log"; $setup), tail("training.log"; $training)]}}}}
    + if $space == "" then {} else {metrics: {namespace: $space, append_dimensions: {InstanceId: "${aws:InstanceId}"},
     aggregation_dimensions: [["InstanceId"]], metrics_collected: {mem: {measurement: ["mem_used_percent"]},
     disk: {measurement: ["used_percent"], resources: ["/"]}, nvidia_gpu: {measurement: ["utilization_gpu",
     "utilization_memory", "memory_used", "memory_total", "temperature_gpu", "power_draw"]}}}} end' >"$VAR/agent.json" &&
    "$ROOT$agent" -a fetch-config -m ec2 -s -c "file:$VAR/agent.json"
}
login() {
  [[ $IMAGE != *.dkr.ecr.* ]] || aws ecr get-login-password | docker login -u AWS --password-stdin "${IMAGE%%/*}"
}
newest() { # the newest whole checkpoint of this run, from the bucket if it is not here
  local key
<% if nodes > 1 %>
  key=$FROM
<% else %>
  key=$(aws s3api list-objects-v2 --bucket "$BUCKET" --prefix "$PREFIX/checkpoints/" --output json |
    jq -r --arg m "/$MARKER" '.Contents // [] | .[].Key | select(endswith($m))' | sort -V | tail -n1)
<% end %>
  [[ $key && ! -e $WORK/${key#"$PREFIX/"} ]] || return 0
  aws s3 sync --only-show-errors --exclude "$MARKER" "$OUT/${key%/*}/" "$WORK/checkpoints/$(basename "${key%/*}")/"
  aws s3 cp --only-show-errors "$OUT/$key" "$WORK/${key#"$PREFIX/"}"
}
start() {
  local gpus here args
  gpus=$(nvidia-smi -L 2>/dev/null | grep -c '^GPU ' || true)
  args=(run --name training --sig-proxy=false --network host --ipc host --ulimit memlock=-1
    --stop-timeout "$STOP_GRACE" --log-driver awslogs --log-opt "awslogs-region=$AWS_DEFAULT_REGION"
    --log-opt "awslogs-group=$LOG_CONTAINER" --log-opt "awslogs-stream=$INSTANCE-$ATTEMPT"
    --log-opt mode=non-blocking -v "$WORK/data:/data:ro" -v "$WORK/checkpoints:/checkpoints"
    -v "$WORK/output:/output" -e DATA_DIR=/data -e CHECKPOINT_DIR=/checkpoints -e OUTPUT_DIR=/output
    -e "CHECKPOINT_MARKER=$MARKER" -e "RUN_NAME=$RUN" -e "RUN_ATTEMPT=$ATTEMPT")
  ((gpus == 0)) || args+=(--gpus all)
  [[ ! -d $ROOT/dev/infiniband ]] || args+=(--device /dev/infiniband)
  # PET_*: what torchrun takes its options from
  for here in "NNODES=$NODES" "NODE_RANK=$RANK" "NPROC_PER_NODE=$((gpus > 0 ? gpus : 1))" \
    "MASTER_ADDR=${MASTER:-$ADDRESS}" MASTER_PORT=29500; do args+=(-e "$here" -e "PET_$here"); done
  [[ ! $RESUME ]] || args+=(-e "RESUME_FROM=/checkpoints/$RESUME")
  [[ ! $MLFLOW ]] || args+=(-e "MLFLOW_TRACKING_URI=$MLFLOW" -e "MLFLOW_EXPERIMENT_NAME=$STACK")
  args+=("${ENVIRONMENT[@]}" "$IMAGE" "${COMMAND[@]}")
  if [[ $(container Running) == true ]]; then
    args=(attach --no-stdin --sig-proxy=false training)
  else
    docker rm -f training >/dev/null 2>&1 || true
  fi
  rm -f "$VAR/exit"
  { printf "trap '' INT\ndocker%s 2>&1 | tee -a %q\n" "$(printf ' %q' "${args[@]}")" "$LOG/training.log"
    # shellcheck disable=SC2016
    printf 'echo "${PIPESTATUS[0]}" >%q\n' "$VAR/exit"; } >"$VAR/container.sh"
  tmux kill-session -t training 2>/dev/null || true
  tmux new-session -d -s training "bash $(printf %q "$VAR/container.sh")"
}
<%# Docker knows whether it runs; the client in the tmux session may have gone away meanwhile. %>
watch() {
  local running
  while :; do
    if running=$(container Running); then [[ $running == true ]] || return 0
    elif [[ -s $VAR/exit ]]; then return 0; fi
    sleep "$POLL"
  done
}

log "run $RUN of $STACK: start"
[[ -e $VAR/reserve ]] || fallocate -l 64M "$VAR/reserve"
STEP='finding out who this is'
INSTANCE=$(retry imds instance-id)
ADDRESS=$(retry imds local-ipv4)
((RANK >= 0)) || RANK=$(retry imds ami-launch-index)
step 'installing dependencies' dependencies
STEP='claiming the run'
<% if nodes > 1 %>
if ((RANK > 0)); then join; else claim; fi
<% else %>
claim
<% end %>
trap told USR1
guard &
step 'setting up monitoring' monitoring || log 'warning: no monitoring'
if [[ $(container Running) != true ]]; then
  step 'setting up the GPUs' toolkit
  step 'logging in to the registry' login
  step 'pulling the image' retry docker pull -q "$IMAGE"
  step 'syncing the data' aws s3 sync --only-show-errors --delete "$DATA/" "$WORK/data/"
  step 'looking for a checkpoint' newest
fi
DIGEST=$(docker image inspect -f '{{index .RepoDigests 0}}' "$IMAGE" || true)
<% if nodes > 1 %>
RESUME=${FROM:+$WORK/${FROM#"$PREFIX/"}}
<% else %>
RESUME=$(printf '%s\n' "$WORK"/checkpoints/*/"$MARKER" | sort -V | tail -n1)
<% end %>
[[ -e $RESUME ]] && RESUME=$(basename "${RESUME%/*}") || RESUME=''
STEP='starting the container'
start
log "training has started; watch it with: tmux attach -t training${RESUME:+ (from $RESUME)}"
(set +e; while sleep "$INTERVAL"; do upload_checkpoints; upload_logs; done) &
step 'training' watch
CODE=$(container ExitCode || cat "$VAR/exit")
if ((CODE == 0)); then finish SUCCESS 0 'training ended'; else finish FAILURE "$CODE" "training ended with exit code $CODE"; fi

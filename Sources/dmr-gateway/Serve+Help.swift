// SPDX-License-Identifier: MIT

extension ServeCommand {
    /// What `serve --help` says before the flags; its lines fit 79 columns, where ArgumentParser begins to wrap.
    static var discussion: String {
        """
        Clients connect to port 11435 as they would to one Ollama; each request goes
        to a runner that has its model.

        Examples:
          dmr-gateway serve
          dmr-gateway serve --runner http://gpu1:11434 --runner http://gpu2:11434
          dmr-gateway serve --listen 0.0.0.0:11435 --config /etc/dmr-gateway.json
          dmr-gateway serve --demo

        The first finds one Ollama on http://127.0.0.1:11434; the last needs none.

        Precedence, setting by setting: flags, then the file, then the environment,
        then defaults. A warning at start names each variable without effect.

        The file (JSON) is --config, else $DMR_CONFIG, else config.json in the state
        folder. The state folder is --state-dir, else $DMR_STATE_DIR, else
        ${XDG_STATE_HOME:-~/.local/state}/dmr-gateway.

        Environment:
          OLLAMA_HOST            listen address, as Ollama reads it, port 11435
          DMR_ADMIN_KEY          an admin key of at least 24 characters
          DMR_STATE_DIR, DMR_CONFIG, DMR_LOG_LEVEL, DMR_LOG_FORMAT, DMR_LOOPS
                                 as the flags
          ENABLE_DOCKER_MODEL_RUNNER_API
                                 false: API calls answer 503
          DOCKER_MODEL_RUNNER_BASE_URL
                                 a path: the prefix to serve under, default
                                 /docker-model-runner; a URL: the runner
        The first of these that names a runner names them all:
          DMR_RUNNERS            URLs, separated by ;
          DOCKER_MODEL_RUNNER_BASE_URLS
                                 URLs, separated by ;
          K8S_FLAG               not empty: Open WebUI's Kubernetes service
          DOCKER_MODEL_RUNNER_BASE_URL
                                 if it is a URL
          USE_DOCKER_MODEL_RUNNER_DOCKER
                                 true: http://127.0.0.1:11434
          DOCKER_MODEL_RUNNER_API_BASE_URL
                                 a URL with /api at its end
        With _FILE added to its name, each names a file whose first line is the value.

        SIGTERM and SIGINT drain, the second one stops at once. SIGHUP reads the
        configuration again, and so does a change of its file: all of it takes effect
        but listen, path_prefix, loops and the state folder, which need a restart; a
        file with errors changes nothing. SIGUSR1 reopens the log file.

        Clients' keys are made by "dmr-gateway key new NAME". Without any, whoever
        reaches a loopback or Unix listener may do all but administer, and others may
        list and infer; with the first one, callers without a key are refused.

        What an admin changes over the API (/docker-model-runner/config/update, as Open
        WebUI's page does) takes effect at once and goes to that same file, which is
        made if there is none; the old one stays as the file's name plus .bak.

        Exit status: 0 stopped and drained; 64 wrong usage; 69 address in use;
        78 bad configuration, each error on a line of its own.
        """
    }
}

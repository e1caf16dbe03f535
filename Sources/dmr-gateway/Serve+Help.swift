// SPDX-License-Identifier: MIT

extension ServeCommand {
    /// What `serve --help` says before the flags.
    static var discussion: String {
        """
        Clients connect to port 11435 as they would to one Ollama; each request goes to a runner that has its model.

        Examples:
          dmr-gateway serve                                        one runner, http://127.0.0.1:11434
          dmr-gateway serve --runner http://gpu1:11434 --runner http://gpu2:11434
          dmr-gateway serve --listen 0.0.0.0:11435 --config /etc/dmr-gateway.json
          dmr-gateway serve --demo                                 no Ollama needed

        Precedence, setting by setting: flags, then the file, then the environment, then defaults. A warning at start \
        names each variable that has no effect.

        The file is --config, else $DMR_CONFIG, else config.json in the state folder, which is --state-dir, else \
        $DMR_STATE_DIR, else ${XDG_STATE_HOME:-~/.local/state}/dmr-gateway.

        Environment (add _FILE to a name to read the value from a file's first line):
          OLLAMA_HOST                         listen address, as Ollama reads it, default port 11435
          DMR_RUNNERS                         runners, separated by ;
          DOCKER_MODEL_RUNNER_BASE_URLS       the same; these and the next four are asked in this order
          K8S_FLAG                            not empty: the runner is Open WebUI's Kubernetes service
          DOCKER_MODEL_RUNNER_BASE_URL        a path: the prefix to serve under; a URL: the runner
          USE_DOCKER_MODEL_RUNNER_DOCKER      true: the runner is http://127.0.0.1:11434
          DOCKER_MODEL_RUNNER_API_BASE_URL    the runner's URL with /api at its end
          ENABLE_DOCKER_MODEL_RUNNER_API      false: API calls answer 503
          DMR_ADMIN_KEY                       an admin key of at least 24 characters
          DMR_STATE_DIR, DMR_CONFIG, DMR_LOG_LEVEL, DMR_LOG_FORMAT, DMR_LOOPS    as the flags

        Exit status: 0 stopped and drained; 64 wrong usage; 69 address in use; 78 bad configuration, each error on its \
        own line.
        """
    }
}

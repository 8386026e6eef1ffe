/* The camera: a dialog that shows what it sees; the photo taken goes the way of a chosen file. */
(() => {
    const PROBLEMS = {
        NotAllowedError: "The browser does not let this page use the camera. Allow it beside the address, then try again.",
        NotFoundError: "No camera was found. Connect one, or choose a photo instead.",
        NotReadableError: "The camera is in use by another program. Close that, then try again.",
    };
    const NOT_SECURE = "Browsers give the camera to pages on https or localhost only. Choose a photo instead.";
    const part = (name) => document.getElementById(`camera${name}`);
    let stream = null;

    function ready(isReady, problem = "") {
        part("-take").disabled = !isReady;
        part("-problem").textContent = problem;
    }

    async function open() {
        ready(false, "Starting the camera…");
        part("").showModal();
        if (!navigator.mediaDevices) return ready(false, NOT_SECURE);
        try {
            stream = await navigator.mediaDevices.getUserMedia({
                video: { facingMode: "environment", width: { ideal: 1600 } },
            });
        } catch (error) {
            return ready(false, PROBLEMS[error.name] || "The camera cannot be used. Choose a photo instead.");
        }
        if (!part("").open) return close(); // cancelled meanwhile
        part("-view").srcObject = stream;
        await part("-view").play();
        ready(true);
    }

    function close() {
        if (stream) for (const track of stream.getTracks()) track.stop();
        stream = null;
        if (part("") && part("").open) part("").close();
    }

    function take() {
        const video = part("-view");
        const canvas = document.createElement("canvas");
        canvas.width = video.videoWidth;
        canvas.height = video.videoHeight;
        canvas.getContext("2d").drawImage(video, 0, 0);
        canvas.toBlob(
            (blob) => {
                close();
                window.photoIntake.take([new File([blob], "from the camera.jpg", { type: "image/jpeg" })]);
            },
            "image/jpeg",
            0.95,
        );
    }

    document.addEventListener("click", (event) => {
        if (event.target.closest(".open-camera")) open();
        else if (event.target.closest("#camera-cancel")) close();
        else if (event.target.closest("#camera-take")) take();
    });
    // Escape closes a dialog by itself: its camera must go out too. Such events do not bubble.
    document.addEventListener("close", (event) => event.target.id === "camera" && close(), true);
})();

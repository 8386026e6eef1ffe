/* What an entry of `photo-session.js` knows of its classes, and how more is asked. */
window.photoAnswers = (() => {
    const MOST_EXTRAS = 3; // as many rows as the page has for them

    const ask = ({ photo }, content) => window.askDashboard.post(`/photos/${photo.id}/answer`, content);
    const isLikely = (answer, label) => answer.classes.some((known) => known.label === label);
    const isKnown = ({ answer, extras }, label) =>
        isLikely(answer, label) || extras.some((known) => known.label === label);

    /* The labels that an entry's wishes name. */
    const wished = ({ wishes }) => Object.values(wishes || {}).filter(Boolean);

    /* Classes that are wished for, if they are not among the most likely ones. One that cannot be had, from an old
       link perhaps, costs nothing but a sentence. */
    async function wishedFor(entry, answer) {
        const [extras, sentences] = [[], []];
        for (const label of new Set(wished(entry))) {
            if (isLikely(answer, label)) continue;
            try {
                extras.push((await ask(entry, { label })).asked);
            } catch (error) {
                sentences.push(error.message);
            }
        }
        return { extras, sentences };
    }

    /* Adds what was answered about a class that was asked for. */
    function learn(entry, { asked, ...answer }) {
        const isSame = answer.version === entry.answer.version;
        // Another version answers by now: what the former one said of other classes goes with it.
        if (!isSame) Object.assign(entry, { answer, extras: [] });
        if (isLikely(entry.answer, asked.label)) return;
        entry.extras = [...entry.extras.slice(-(MOST_EXTRAS - 1)), asked];
    }

    return { ask, isKnown, wished, wishedFor, learn };
})();

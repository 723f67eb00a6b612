FROM python:3.12
# ruleid: dockerfile-debug-mode
ENV FLASK_DEBUG=1
# ruleid: dockerfile-debug-mode
ENV PORT=8000 DJANGO_DEBUG=True
# ruleid: dockerfile-debug-mode
ENV JAVA_TOOL_OPTIONS="-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=*:5005"
# ruleid: dockerfile-debug-mode
CMD ["flask", "run", "--debug", "--host=0.0.0.0"]
# ruleid: dockerfile-debug-mode
CMD ["node", "--inspect=0.0.0.0:9229", "server.js"]
# ok: dockerfile-debug-mode
ENV FLASK_DEBUG=0 DEBUG=false
# ok: dockerfile-debug-mode
ENV DEBUG_LEVEL=1
USER app
# ok: dockerfile-debug-mode
ENV DEBUG=app:*
USER app
# ok: dockerfile-debug-mode
CMD ["gunicorn", "app:app"]

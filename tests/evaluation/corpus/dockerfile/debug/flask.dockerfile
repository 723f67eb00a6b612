FROM python:3.12-slim
# case: vulnerable
ENV FLASK_ENV=development
# case: vulnerable
ENV DEBUG=true
# case: vulnerable
ENTRYPOINT ["java", "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=0.0.0.0:5005", "-jar", "app.jar"]
# case: vulnerable
CMD python manage.py runserver 0.0.0.0:8000
# case: safe (only the local side)
ENV JAVA_OPTS="-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:5005"
# case: safe (off)
ENV FLASK_DEBUG=0
# case: safe (names of log channels)
ENV DEBUG=app:server
USER 1000
# case: safe (production server)
CMD ["gunicorn", "-b", "0.0.0.0:8000", "app:app"]
